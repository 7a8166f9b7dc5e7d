// Read a QR code with the camera: the browser's own detector if it knows QR codes, else zxing (WebAssembly, kept in static/vendor).
// <div data-camera="#form"> holds <video>, a start button and a line for the state; what was read goes into the form's field "text".
const box = document.querySelector("[data-camera]");

async function reader() {
  if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats().catch(() => [])).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (canvas) => (await detector.detect(canvas))[0]?.rawValue;
  }
  const zxing = await import(box.dataset.zxing);
  zxing.prepareZXingModule({ overrides: { locateFile: () => box.dataset.wasm } });
  return async (canvas) => {
    const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return (await zxing.readBarcodes(image, { formats: ["QRCode"], maxNumberOfSymbols: 1, tryHarder: true }))[0]?.text;
  };
}

/** Start the camera; calls `onText(text)` once for each new code and keeps running if it returns false. */
export async function start(video, onText) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
  video.srcObject = stream;
  await video.play();
  const read = await reader();
  const canvas = document.createElement("canvas");
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  let seen = "";
  const look = async () => {
    if (!video.srcObject?.active) return;
    if (video.videoWidth) {
      const scale = Math.min(1, 960 / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = video.videoWidth * scale;
      canvas.height = video.videoHeight * scale;
      canvas.getContext("2d", { willReadFrequently: true }).drawImage(video, 0, 0, canvas.width, canvas.height);
      const text = await read(canvas).catch(() => null);
      if (text && text !== seen) {
        seen = text;
        navigator.vibrate?.(40);
        if (onText(text) !== false) { stop(); return; }
      }
    }
    setTimeout(look, 120);
  };
  look();
  return stop;
}

if (box) {
  const form = document.querySelector(box.dataset.camera);
  const state = box.querySelector("[data-state]");
  const button = box.querySelector("button");
  const begin = async () => {
    button.hidden = true;
    box.querySelector(".view").hidden = false;
    state.textContent = box.dataset.looking;
    try {
      await start(box.querySelector("video"), (text) => {
        form.elements.namedItem("text").value = text;
        state.textContent = box.dataset.found;
        form.requestSubmit ? form.requestSubmit() : form.submit();
        return form.dataset.keepScanning === undefined;
      });
    } catch {
      button.hidden = false;
      box.querySelector(".view").hidden = true;
      state.textContent = box.dataset.failed;
    }
  };
  if (navigator.mediaDevices?.getUserMedia) {
    box.hidden = false;
    button.addEventListener("click", begin);
    const state = await navigator.permissions?.query({ name: "camera" }).then((found) => found.state).catch(() => "");
    if (box.dataset.auto !== undefined && state === "granted") begin();
  }
}
