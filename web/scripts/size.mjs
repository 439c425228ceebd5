// Prints the gzipped size of the built page and fails when it is over the limit of docs/design/page.md.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const LIMIT_KB = 350;
const dist = new URL("../../src/quarterdeck/api/webui/dist/", import.meta.url).pathname;

function files(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

const total = files(dist).reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0) / 1024;
console.log(`page: ${total.toFixed(1)} KB gzipped (limit ${LIMIT_KB})`);
if (total > LIMIT_KB) process.exit(1);
