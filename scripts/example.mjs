// Compiles the examples and runs the one that is named, with whatever follows its name.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

const names = readdirSync('examples')
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
const [name, ...rest] = process.argv.slice(2)
if (!names.includes(name)) {
  console.error(`example: '${name ?? ''}'; must be one of ${names.join(', ')}`)
  process.exit(2)
}
execFileSync('npx', ['tsc', '-p', 'examples/tsconfig.json'], { stdio: 'inherit' })
process.argv = [process.argv[0], name, ...rest]
await import(`../build/examples/${name}.js`)
