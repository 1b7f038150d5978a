// Bundles the page into dist/, which crates/viewer embeds. The editor is a file of its own, read when it is opened.
import { cp, rm } from "node:fs/promises";
import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });
await build({
  entryPoints: { page: "src/main.tsx" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  chunkNames: "[name]",
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
});
await cp("index.html", "dist/index.html");
await cp("icon.svg", "dist/icon.svg");
