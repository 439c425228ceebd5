/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Assets are never inlined: the page runs under `default-src 'self'`, which refuses data: addresses.
export default defineConfig({
  plugins: [react()],
  base: "/",
  build: {
    outDir: "../src/quarterdeck/api/webui/dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": "http://127.0.0.1:4320" } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
