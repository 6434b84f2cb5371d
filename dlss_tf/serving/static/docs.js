// Describes the API: each route of openapi.json with its parameters, bodies and answers.

import { element, find } from "./dom.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

let api;

async function start() {
  const response = await fetch("openapi.json");
  if (!response.ok) throw new Error(`status ${response.status}`);
  api = await response.json();
  find("#version").textContent = `API of version ${api.info.version}`;
  find("#about").replaceChildren(...marked(api.info.description || ""));
  find("#curl").textContent = example();
  find("#example").hidden = false;
  for (const [tag, routes] of groups()) {
    find("#contents").append(element("li", {}, element("b", {}, tag)), ...routes.map(link));
    find("#routes").append(element("section", {}, element("h2", {}, tag), ...routes.map(described)));
  }
  if (location.hash.length > 1) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

function example() {
  const address = new URL("api/supersample?factor=5&name=scan.dm4&format=tif", document.baseURI).href;
  return [
    "curl --fail-with-body -OJ",
    "-H 'Content-Type: application/octet-stream'",
    "--data-binary @scan.dm4",
    `'${address}'`,
  ].join(" \\\n  ");
}

/** Routes by their tag, in their order. */
function groups() {
  const found = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((each) => each in methods)) {
      const route = { path, method, ...methods[method] };
      const [tag] = route.tags || ["Others"];
      found.set(tag, [...(found.get(tag) || []), { ...route, id: `${method}-${path.replace(/[^\w]+/g, "-")}` }]);
    }
  }
  return found;
}

function link({ id, method, path }) {
  const parts = path.split(/(?<=\/)/).flatMap((part) => [part, element("wbr")]);
  return element("li", {}, element("a", { href: `#${id}` }, element("small", {}, method.toUpperCase()), " ", ...parts));
}

function described(route) {
  const title = element(
    "h3",
    {},
    element("span", { class: "method" }, route.method.toUpperCase()),
    element("code", {}, route.path),
  );
  const told = element("p", {}, ...marked(route.description || route.summary || ""));
  return element(
    "section",
    { class: "route", id: route.id, "aria-label": `${route.method.toUpperCase()} ${route.path}` },
    title,
    told,
    ...list("Parameters", (route.parameters || []).map(parameter)),
    ...list("Body", bodies(route.requestBody)),
    ...list("Answers", answers(route.responses || {})),
  );
}

function list(title, rows) {
  return rows.length ? [element("h4", {}, title), element("dl", { class: "values" }, ...rows)] : [];
}

function parameter({ name, in: where, required, schema, description }) {
  const kind = [where, typeOf(schema), rangeOf(schema), defaultOf(schema)].filter(Boolean).join(" · ");
  const told = description || schema?.description || "";
  return row(
    element("code", {}, name),
    element("small", {}, kind, ...(required ? [" · ", element("span", { class: "needed" }, "required")] : [])),
    ...(told ? [element("br"), ...marked(told)] : []),
  );
}

function bodies(body) {
  if (!body) return [];
  return Object.entries(body.content || {}).map(([media, { schema }]) =>
    row(element("code", {}, media), [typeOf(schema), body.description].filter(Boolean).join(" · ")),
  );
}

/** The good ones a line each, errors together. */
function answers(responses) {
  const [good, bad] = [[], []];
  for (const [status, answer] of Object.entries(responses)) (status < "400" ? good : bad).push([status, answer]);
  const rows = good.map(([status, { description, content }]) => {
    const media = Object.keys(content || {}).join(", ");
    const told = description === "Successful Response" ? "" : description;
    return row(element("code", {}, status), [told, media].filter(Boolean).join(" · ") || "no content");
  });
  if (!bad.length) return rows;
  const sentences = bad.map(([status, { description }]) => `${status} ${description}`);
  return [...rows, row(element("span", {}, "Errors"), element("small", {}, sentences.join(" · ")))];
}

function row(name, ...told) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, ...told));
}

function resolved(schema) {
  if (!schema?.$ref) return schema;
  return schema.$ref.slice(2).split("/").reduce((part, name) => part?.[name], api);
}

// FastAPI writes what may be missing as one of a type and null.
function single(schema) {
  const found = resolved(schema) || {};
  const kinds = (found.anyOf || []).filter(({ type }) => type !== "null");
  return kinds.length === 1 ? resolved(kinds[0]) : found;
}

function typeOf(schema) {
  const found = single(schema);
  if (found.enum) return `one of ${found.enum.join(", ")}`;
  if ("const" in found) return String(found.const);
  if (found.anyOf) return found.anyOf.map(typeOf).join(" or ");
  if (found.type === "array") return `list of ${typeOf(found.items)}`;
  if (found.format === "binary") return "bytes";
  return found.title && found.type === "object" ? found.title : found.type || "";
}

function rangeOf(schema) {
  const { minimum, maximum, minLength, maxLength, pattern } = single(schema);
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (minimum !== undefined) return `at least ${minimum}`;
  if (maximum !== undefined) return `at most ${maximum}`;
  if (pattern) return `matching ${pattern}`;
  if (maxLength !== undefined) return `${minLength ? `${minLength} to` : "at most"} ${maxLength} characters`;
  return "";
}

function defaultOf(schema) {
  const { default: value } = resolved(schema) || {};
  return value === undefined || value === null ? "" : `${JSON.stringify(value)} if not given`;
}

/** Text whose `parts` are code. */
function marked(text) {
  return text.split(/`([^`]+)`/).map((part, place) => (place % 2 ? element("code", {}, part) : part));
}

start().catch((error) => {
  find("#about").textContent = `The description cannot be read: ${error.message}`;
});
