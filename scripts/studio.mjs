// Builds the studio and serves it on loopback, with the headers for cross-origin isolation: npm run studio
//   --build   builds only, to build/studio
//   --port N  default 4173, or the next that is free
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { build, preview } from 'vite'

const options = { build: { type: 'boolean', default: false }, port: { type: 'string', default: '4173' } }
const { values } = parseArgs({ options })
const configFile = fileURLToPath(new URL('../studio/vite.config.ts', import.meta.url))

await build({ configFile, logLevel: 'warn' })
if (!values.build) {
  const server = await preview({ configFile, preview: { port: Number(values.port) } })
  console.log(`The studio is at ${server.resolvedUrls.local[0]}`)
}
