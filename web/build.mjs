// Bundles the script and the stylesheet into one folder: node build.mjs [folder]
import { build } from "esbuild";

await build({
  entryPoints: { app: "src/main.ts", early: "src/early.ts", bankside: "style/bankside.css" },
  outdir: process.argv[2] ?? "dist",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome123", "firefox128", "safari17.5"],
  legalComments: "none",
  logLevel: "warning",
});
