// Verifies webhooks as receivers do: one JSON object a line in, one JSON line out. Run in a folder
// whose node_modules has the verifiers.
//
// in   {"library": "svix", "secret": "whsec_...", "headers": {...}, "body": "..."}
// out  null when it was accepted, else why not
const readline = require("node:readline");
const path = require("node:path");

const load = (name) => require(path.join(process.cwd(), "node_modules", name)).Webhook;
const libraries = { standardwebhooks: load("standardwebhooks"), svix: load("svix") };

const verify = ({ library, secret, headers, body }) => {
  try {
    new libraries[library](secret).verify(body, headers);
    return null;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(JSON.stringify(verify(JSON.parse(line))) + "\n");
});
