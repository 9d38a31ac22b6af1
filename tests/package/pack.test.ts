/** The package as npm publishes it, installed into an empty project: its smallest program, its command, its types. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProject, root, run, succeed, tsc, type Outcome, type Project } from './support.js'

let project: Project
beforeAll(() => {
  project = createProject()
})
afterAll(() => project?.remove())

describe('the package', () => {
  test('brings what it needs, and no sources, tests or build tools', () => {
    const installed = join(project.directory, 'node_modules/unrolled')
    expect(readdirSync(installed).filter((name) => !/^(README|CHANGELOG|LICENSE)/.test(name))).toEqual(['dist', 'package.json'])
    for (const file of [
      'index.js',
      'index.d.ts',
      'node/index.js',
      'node/index.d.ts',
      'cli/main.js',
      'kernels.plain.wasm',
      'kernels.relaxed.wasm',
    ]) {
      expect(existsSync(join(installed, 'dist', file)), file).toBe(true)
    }
    expect(readdirSync(join(project.directory, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      '@noble',
      'commander',
      'fastest-levenshtein',
      'papaparse',
      'pure-rand',
      'unrolled',
      'uplot',
    ])
  })

  test('ships the kernels as files that its exports name', () => {
    for (const build of ['plain', 'relaxed']) {
      const code = `const url = import.meta.resolve('unrolled/kernels.${build}.wasm'); console.log(url)`
      expect(succeed(project.directory, 'node', ['--input-type=module', '-e', code])).toMatch(`dist/kernels.${build}.wasm`)
    }
  })
})

describe('the smallest program', () => {
  test('trains, generates, saves and loads in plain Node', () => {
    const lines = succeed(project.directory, 'node', ['smallest.js']).split('\n')
    const losses = lines.flatMap(
      (line) => /^step \d+: loss ([\d.]+), held-out text [\d.]+$/.exec(line)?.slice(1).map(Number) ?? [],
    )
    expect(losses.length).toBeGreaterThanOrEqual(10)
    expect(losses.at(-1)).toBeLessThan(losses[0])
    expect(lines.at(-1)).toBe('')
    expect(lines.at(-2)).toMatch(/parameters/)
    expect(statSync(join(project.directory, 'model.safetensors')).size).toBeGreaterThan(10_000)
  })
})

test("RecurrentJS's programs run on the package in plain Node", () => {
  const program = `
    import * as R from 'unrolled/recurrentjs'
    const W = new R.RandMat(10, 4), x = new R.RandMat(4, 1), b = new R.RandMat(10, 1)
    const G = new R.Graph()
    const h = G.add(G.mul(W, x), b)
    h.dw[0] = 1.0
    G.backward()
    console.log(b.dw[0], Math.abs(W.dw[0] - x.w[0]) < 1e-6)
    const s = R.Solver()
    console.log(s.step({ W, b }, 0.01, 0.0001, 5.0).ratio_clipped)`
  expect(succeed(project.directory, 'node', ['--input-type=module', '-e', program])).toBe('1 true\n0\n')
})

test('sweeps work on the package in plain Node, and those over Redis say what they need', () => {
  const program = `
    import { readCorpus } from 'unrolled/node'
    import { localExecutor, readPlan, Sweep } from 'unrolled/sweep'
    import { connect } from 'unrolled/redis'
    const corpus = await readCorpus('my.txt')
    const plan = readPlan({ options: { steps: 6, hidden: 8, layers: 1 }, space: { rate: [0.001, 0.02] } })
    const sweep = await Sweep.open({ out: 'swept', plan, corpus })
    console.log(await sweep.run(localExecutor(sweep.folder, 2)), sweep.results.map(({ choice }) => choice.rate).join())
    await connect({ url: 'redis://127.0.0.1:1' }).catch(({ message }) => console.log(message))`
  expect(succeed(project.directory, 'node', ['--input-type=module', '-e', program])).toBe(
    'true 0.02,0.001\nredis: needs BullMQ, which is not installed; run npm install bullmq ioredis\n',
  )
})

test('runs that are folders work on the package in plain Node', () => {
  const program = `
    import { LanguageModel } from 'unrolled'
    import { loadModel, readCorpus, readLog, Run } from 'unrolled/node'
    const corpus = await readCorpus('my.txt')
    const model = LanguageModel.create({ corpus, hidden: 8, layers: 1 })
    const run = await Run.create({ out: 'library', corpus, model, training: { steps: 6 } })
    for await (const { step } of run.train()) if (step === 4) run.stop()
    const again = await Run.resume('library')
    console.log(again.training.step)
    for await (const { ended } of again.train()) if (ended) console.log(ended)
    console.log(readLog('library').at(-1).event, (await loadModel('library')).config.hidden)`
  expect(succeed(project.directory, 'node', ['--input-type=module', '-e', program])).toBe('4\nsteps\nend 8\n')
})

describe('the README', () => {
  const sections = readFileSync(join(root, 'README.md'), 'utf8').split(/^## /m)

  test.each(['The smallest program', 'A cell of your own', 'Expression graphs'])(
    '%s: compiles and runs as it stands',
    (title) => {
      const section = sections.find((part) => part.startsWith(`${title}\n`))
      const program = section && /^```ts\n([^]*?)^```/m.exec(section)?.[1]
      if (!program) throw new Error(`README.md: no section '${title}' with a program in it`)
      // The prose around it says what `text` is, and a reader knows by then where names come from.
      const known = ['LanguageModel', 'defineCell'].filter((name) => program.includes(name) && !program.includes('import {'))
      const preamble = `import { readFileSync } from 'node:fs'
      import { ${known.join(', ')} } from 'unrolled'
      const text = readFileSync('my.txt', 'utf8')
      export { text }\n`
      writeFileSync(join(project.directory, 'readme.ts'), preamble + program)
      const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')]
      const { stdout } = tsc(
        project.directory,
        '--ignoreConfig',
        '--strict',
        '--target',
        'es2022',
        '--module',
        'nodenext',
        ...types,
        'readme.ts',
      )
      expect(stdout).toBe('')
      succeed(project.directory, 'node', ['readme.js'])
    },
  )
})

describe('the command', () => {
  const unrolled = (...args: string[]): Outcome =>
    run(project.directory, 'npx', ['--loglevel=error', '--no-install', 'unrolled', ...args])
  const small = ['--hidden', '16', '--layers', '1', '--embedding', '8', '--window', '16', '--streams', '4']

  test('trains on a file and writes from the model that it saved', () => {
    const trained = unrolled('train', 'my.txt', '--steps', '20', '--out', 'models/mine', ...small)
    expect(trained.status, trained.stderr).toBe(0)
    expect(trained.stdout).toBe('')
    expect(trained.stderr).toMatch(/held out [\d.]+ nats, [\d.]+ bits a character/)
    expect(trained.stderr).toMatch(/Saved in models\/mine: model\.safetensors/)
    expect(trained.stderr).not.toMatch('\x1b')
    const written = unrolled('generate', 'models/mine/model.safetensors', '--prompt', 'the ', '--length', '40')
    expect(written.status, written.stderr).toBe(0)
    expect(written.stdout).toMatch(/^the [^]{40}\n$/)
    expect(written.stderr).toBe('')
    expect(unrolled('generate', 'models/mine/model.safetensors', '--prompt', 'the ', '--length', '40').stdout).toBe(
      written.stdout,
    )
  })

  test.each([
    ['an unknown flag', ['train', '--stesp', '5'], /--stesp.*\n.*Did you mean --steps/s],
    ['a number that is none', ['train', '--steps', 'many'], /--steps.*must be a whole number/s],
    ['a number out of range', ['train', '--dropout', '1'], /--dropout.*from 0 to below 1/s],
    ['a reach that is none', ['train', '--reach', '-1'], /--reach.*must be a whole number, 0 or more/s],
    ['an unknown cell', ['train', '--cell', 'lstn'], /--cell.*lstm, gru/s],
    ['a flag of the other command', ['generate', '--steps', '5'], /--steps/],
    ['a superfluous argument', ['generate', 'a', 'b'], /argument/],
    ['an unknown command', ['trian'], /Did you mean train/],
  ])('ends with 2 for %s', (_, args, sentence) => {
    const { status, stdout, stderr } = unrolled(...args)
    expect(stderr).toMatch(sentence)
    expect(stdout).toBe('')
    expect(status).toBe(2)
  })

  test.each([
    ['a text that is not there', ['train', 'missing.txt'], /^unrolled: missing\.txt: there is no such file\n$/],
    ['no text', ['train'], /^unrolled: no file given, and Moby Dick is not installed here; name a file to train on\n$/],
    [
      'a model that is not there',
      ['generate', 'missing'],
      /^unrolled: missing: cannot be read \(there is no such file or folder\)\n$/,
    ],
    ['no model', ['generate'], /^unrolled: no model given, and there is no run in runs\/; train one first, or name one\n$/],
    [
      'native kernels without koffi',
      ['train', 'my.txt', '--kernels', 'native'],
      /^unrolled: koffi: is not installed; npm install koffi\n$/,
    ],
    ['a model that is none', ['generate', 'my.txt'], /^unrolled: my\.txt: .*\n$/],
    ['a text that is a folder', ['train', 'node_modules'], /^unrolled: node_modules: is a folder; must be a file\n$/],
  ])('ends with 1 and one sentence for %s', (_, args, sentence) => {
    const { status, stdout, stderr } = unrolled(...args)
    expect(stderr).toMatch(sentence)
    expect(stdout).toBe('')
    expect(status).toBe(1)
  })

  test('explains itself on standard output', () => {
    const { status, stdout, stderr } = unrolled('--help')
    expect(stdout).toMatch(/train[^]*resume[^]*generate[^]*evaluate[^]*score[^]*inspect/)
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })
})

describe('the types', () => {
  // Without skipLibCheck: the package's declarations must stand on their own, without Node's.
  const flags = ['--ignoreConfig', '--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom', '--types', '']
  test.each([
    ['bundler', 'esnext'],
    ['nodenext', 'nodenext'],
  ])('resolve with moduleResolution %s; wrong calls do not compile', (moduleResolution, module) => {
    const { status, stdout } = tsc(
      project.directory,
      ...flags,
      '--module',
      module,
      '--moduleResolution',
      moduleResolution,
      'types.ts',
    )
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })
})
