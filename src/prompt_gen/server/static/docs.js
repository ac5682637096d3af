// The API page, drawn from openapi.json: each route, its fields, its answers, a line to try it with.

// A server that asks for a key is asked with the one that was given on its page.
const key = sessionStorage.getItem("key");
const answer = await fetch("/openapi.json", key ? { headers: { Authorization: `Bearer ${key}` } } : {});
const schema = await answer.json();

function element(name, text = "", ...children) {
  const made = document.createElement(name);
  made.textContent = text;
  made.append(...children);
  return made;
}

function resolve(part) {
  const name = part?.$ref?.split("/").at(-1);
  return name ? schema.components.schemas[name] : part;
}

function typeOf(field) {
  if (field.anyOf) return field.anyOf.map(typeOf).join(" or ");
  if (field.$ref) return field.$ref.split("/").at(-1);
  if (field.type === "array") return `list of ${typeOf(field.items)}`;
  return field.type ?? "any";
}

function boundsOf(field) {
  const parts = (field.anyOf ?? [field]).flatMap((kind) => [
    kind.minimum !== undefined && `at least ${kind.minimum}`,
    kind.exclusiveMinimum !== undefined && `above ${kind.exclusiveMinimum}`,
    kind.maximum !== undefined && `at most ${kind.maximum}`,
    kind.maxLength !== undefined && `at most ${kind.maxLength} characters`,
  ]);
  return parts.filter(Boolean).join(", ");
}

function fieldsTable(body) {
  const head = element("tr", "", ...["field", "type", "default", "meaning"].map((t) => element("th", t)));
  const rows = Object.entries(body.properties ?? {}).map(([name, field]) => {
    const required = body.required?.includes(name);
    const fallback = required ? "required" : field.default === undefined ? "" : JSON.stringify(field.default);
    const meaning = [field.description, boundsOf(field)].filter(Boolean).join("; ");
    return element("tr", "", element("td", "", element("code", name)), element("td", typeOf(field)),
      element("td", fallback), element("td", meaning));
  });
  return element("table", "", element("thead", "", head), element("tbody", "", ...rows));
}

/** What a body holds; of several kinds the one that has fields. */
function contentOf(part) {
  const kind = part?.content?.["application/json"]?.schema;
  return [kind, ...(kind?.oneOf ?? kind?.anyOf ?? [])].map(resolve).find((each) => each?.properties);
}

function sample(field) {
  if (field.enum) return field.enum[0];
  if (field.type === "integer" || field.type === "number") return field.minimum ?? 1;
  return field.pattern ? "…" : "高血压要注意";
}

function example(method, path, body) {
  const url = `${location.origin}${path}`;
  if (!body) return `curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}${url}`;
  const needed = body.required ?? Object.keys(body.properties).slice(0, 1);
  const sent = Object.fromEntries(needed.map((name) => [name, sample(body.properties[name])]));
  return `curl ${url} -H 'content-type: application/json' -d '${JSON.stringify(sent)}'`;
}

function route(path, method, operation) {
  const body = contentOf(operation.requestBody);
  const parts = [element("h2", `${method.toUpperCase()} ${path}`), element("p", operation.description ?? "")];
  if (body) parts.push(element("h3", "Request"), fieldsTable(body));
  for (const [status, answer] of Object.entries(operation.responses)) {
    parts.push(element("h3", `${status} ${answer.description}`));
    const content = contentOf(answer);
    if (content?.properties && status === "200") parts.push(fieldsTable(content));
  }
  const line = element("pre", example(method, path, body));
  line.tabIndex = 0; // it may be wider than the page
  return element("section", "", ...parts, line);
}

const about = document.querySelector("#about");
if (answer.ok) {
  about.textContent = `${schema.info.description} Version ${schema.info.version}.`;
  for (const [path, methods] of Object.entries(schema.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      document.querySelector("#routes").append(route(path, method, operation));
    }
  }
} else {
  about.textContent = schema.error.message;
  about.setAttribute("role", "alert");
}
