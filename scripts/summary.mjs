// Prints `N passed, N failed` of the last test runs in CI, as its last line. Whatever did not run has failed: a skipped test, a
// file that could not be loaded, a build or check that stopped everything.
//   node scripts/summary.mjs STATUS RESULTS.json…
import { readFileSync } from 'node:fs'

const [status, ...files] = process.argv.slice(2)

let passed = 0
let failed = 0
for (const file of files) {
  try {
    for (const { status: fileStatus, assertionResults } of JSON.parse(readFileSync(file, 'utf8')).testResults) {
      const good = assertionResults.filter((test) => test.status === 'passed').length
      passed += good
      failed += assertionResults.length - good
      if (fileStatus === 'failed' && good === assertionResults.length) failed++
    }
  } catch {
    console.log(`${file}: no test ran.`)
    failed++
  }
}
if (failed === 0 && (Number(status) !== 0 || passed === 0)) failed = 1
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
