// A screen that shows a code stays lit.
const light = () => navigator.wakeLock?.request("screen").catch(() => {});
document.addEventListener("visibilitychange", () => { if (!document.hidden) light(); });
light();
