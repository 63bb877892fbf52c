// Live help in the desk's forms. Everything works without it; nothing is written inline.
"use strict";
(() => {
  const COUNTED = "textarea[maxlength], #id_tagline, [name$='-summary']";
  const words = (text) => (text.match(/[\p{L}\p{N}_]+(?:[’'-][\p{L}\p{N}_]+)*/gu) || []).length;

  const count = (field, line) => {
    const left = field.maxLength > 0 ? `, ${field.value.length} of ${field.maxLength} characters` : "";
    line.textContent = `${words(field.value)} words${left}`;
  };

  // Where style sheets cannot let a field grow with its text.
  const grow = (field) => {
    if (field.tagName !== "TEXTAREA" || CSS.supports("field-sizing", "content")) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
  };

  const watch = (root) => {
    for (const field of root.querySelectorAll(COUNTED)) {
      const place = field.closest(".flex-container") || field;
      if (place.nextElementSibling?.className.startsWith("desk-count")) continue;
      const line = document.createElement("div");
      line.className = "desk-count help";
      place.after(line);
      const look = () => { count(field, line); grow(field); };
      field.addEventListener("input", look);
      look();
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    watch(document);
    // A review added by the page is new to htmx and to the counters.
    document.addEventListener("formset:added", (event) => {
      watch(event.target);
      if (window.htmx) window.htmx.process(event.target);
    });
    // The admin's search boxes tell jQuery of a choice, not the page.
    const beside = document.getElementById("as-published");
    if (beside && window.django) {
      window.django.jQuery("#id_first, #id_second").on("change", () => {
        window.htmx.trigger(beside, "pair");
      });
    }
  });
})();
