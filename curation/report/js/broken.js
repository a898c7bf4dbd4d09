// The error state, outside everything that may fail: what happened, and what to do.

function broken(error) {
  const title = document.createElement("h1");
  title.textContent = "This report could not be opened";
  const remedy = document.createElement("p");
  remedy.textContent = `It may have been cut short while it was copied (${error.message}). Run “gesso report” again.`;
  const place = document.createElement("div");
  place.className = "booting";
  place.setAttribute("role", "alert");
  place.append(title, remedy);
  document.getElementById("app").replaceChildren(place);
}
