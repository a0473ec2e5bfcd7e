// The bundle before this script sets SwaggerUIBundle. Nothing is loaded from elsewhere, and no validator is asked.
globalThis.SwaggerUIBundle({
  dom_id: "#docs",
  url: new URL("v1/openapi.json", document.baseURI).href,
  deepLinking: true,
  validatorUrl: null,
});
