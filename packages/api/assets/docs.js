// The bundle before this script sets SwaggerUIBundle. Nothing is loaded from elsewhere, and no validator is asked.

/** All that is said of an operation, for the filter. */
function textOf(tag, one) {
  const operation = one.get("operation");
  const said = ["summary", "operationId", "description"].map((name) => operation.get(name) ?? "");
  return [tag, one.get("method"), one.get("path"), ...said].join(" ").toLowerCase();
}

/** The operations that have every word of the phrase; tasks without any are left out. */
function opsFilter(tasks, phrase) {
  const words = phrase.toLowerCase().split(/\s+/);
  const has = (tag) => (one) => words.every((word) => textOf(tag, one).includes(word));
  return tasks
    .map((task, tag) => task.set("operations", task.get("operations").filter(has(tag))))
    .filter((task) => task.get("operations").size > 0);
}

globalThis.SwaggerUIBundle({
  dom_id: "#docs",
  url: new URL("v1/openapi.json", document.baseURI).href,
  deepLinking: true,
  validatorUrl: null,
  filter: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  plugins: [() => ({ fn: { opsFilter } })],
});
