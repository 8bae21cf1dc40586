// Builds dist/: two scripts and a style sheet, flat, without names that change, and a manifest with their hashes.
// The same sources and the same locked packages give the same bytes; tests/widget/test_bundle.py holds us to it.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "dist");
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const bundle = (entry, format, name) =>
  build({
    configFile: false,
    root: here,
    logLevel: "warn",
    publicDir: false,
    build: {
      outDir: out,
      emptyOutDir: false,
      target: "es2022",
      cssMinify: "lightningcss",
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: join(here, "src", entry),
        output: { format, minify: true, entryFileNames: `${name}.js`, assetFileNames: `${name}[extname]` },
      },
    },
  });
await bundle("loader.ts", "iife", "hearout-loader");
await bundle("chat.ts", "es", "hearout-chat");

const files = {};
for (const name of readdirSync(out).sort()) {
  const content = readFileSync(join(out, name));
  files[name] = {
    bytes: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
    integrity: `sha384-${createHash("sha384").update(content).digest("base64")}`,
  };
}
writeFileSync(join(out, "manifest.json"), `${JSON.stringify({ files }, null, 2)}\n`);
