// Pictures below the fold arrive when they are near; sections rise when they are seen.
document.documentElement.classList.add("js");
addEventListener("DOMContentLoaded", () => {
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      target.src = target.dataset.src;
      near.unobserve(target);
    }
  }, { rootMargin: "200px" });
  document.querySelectorAll("img[data-src]").forEach((img) => near.observe(img));

  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) { target.classList.add("seen"); seen.unobserve(target); }
    }
  }, { threshold: 0.08 });
  document.querySelectorAll(".reveal").forEach((el) => seen.observe(el));
});
