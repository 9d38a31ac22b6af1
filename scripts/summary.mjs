// Prints `N passed, N failed` of the last test run in CI, as its last line. Whatever did not run has failed: a skipped test, a
// file that could not be loaded, a build or check that stopped everything.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const status = Number(process.argv[2])
const results = fileURLToPath(new URL('../build/tests.json', import.meta.url))

let passed = 0
let failed = 0
try {
  for (const { status: fileStatus, assertionResults } of JSON.parse(readFileSync(results, 'utf8')).testResults) {
    const good = assertionResults.filter((test) => test.status === 'passed').length
    passed += good
    failed += assertionResults.length - good
    if (fileStatus === 'failed' && good === assertionResults.length) failed++
  }
} catch {
  console.log('No test ran.')
}
if (failed === 0 && (status !== 0 || passed === 0)) failed = 1
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
