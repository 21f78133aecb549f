(() => {
  const box = document.getElementById("filter");
  const told = document.getElementById("found");
  const entries = [...document.querySelectorAll("[data-entry]")];
  document.getElementById("search").hidden = false;
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const entry of entries) {
      const target = document.getElementById(entry.dataset.entry);
      const text = target.textContent.toLowerCase();
      const fits = words.every((word) => text.includes(word));
      entry.hidden = target.hidden = !fits;
      found += fits;
    }
    told.textContent = words.length ? `${found} of ${entries.length}` : "";
  });
  addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.hidden) { box.value = ""; box.dispatchEvent(new Event("input")); target.scrollIntoView(); }
  });
})();
