// Where the phone is, asked only at the moment of an action and never again afterwards.

/** "granted", "prompt", "denied" or "unknown" (browsers that do not say). */
export async function permission() {
  if (!navigator.geolocation) return "denied";
  try { return (await navigator.permissions.query({ name: "geolocation" })).state; } catch { return "unknown"; }
}

/** {lat, lng, accuracy_m} or null. Asks the person if the browser has to. */
export function locate(timeout = 8000) {
  return new Promise((resolve) => {
    if (!navigator.geolocation) { resolve(null); return; }
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lng: coords.longitude, accuracy_m: Math.ceil(coords.accuracy) }),
      () => resolve(null),
      { enableHighAccuracy: true, timeout, maximumAge: 30_000 },
    );
  });
}

/** Put a place into the hidden fields lat, lng, accuracy_m of a form. */
export function fill(form, place) {
  for (const name of ["lat", "lng", "accuracy_m"]) {
    const field = form.elements.namedItem(name);
    if (field) field.value = place ? place[name] : "";
  }
}
