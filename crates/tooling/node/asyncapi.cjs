// Validates an AsyncAPI document: node asyncapi.cjs NODE_MODULES FILE. Errors and warnings end it with 1.
const [packages, file] = process.argv.slice(2);
const { Parser } = require(`${packages}/@asyncapi/parser`);
const { readFileSync } = require("node:fs");

// What only recommends: a contact, an id, the newest version of the format.
const ADVICE = ["asyncapi-info-contact", "asyncapi-id", "asyncapi-3-tags", "asyncapi-latest-version", "asyncapi-info-license-url"];

new Parser().parse(readFileSync(file, "utf8")).then(({ document, diagnostics }) => {
  const objections = diagnostics.filter(({ code }) => !ADVICE.includes(code));
  for (const { code, message, path, range } of objections) {
    console.error(`${file}:${range.start.line + 1}: ${message} (${code}, ${path.join(".")})`);
  }
  if (!document || objections.length > 0) process.exit(1);
  console.log(`${file} is a valid AsyncAPI ${document.version()} document.`);
});
