/** `unrolled doctor` */
import { examineMachine, type Lack, type Machine } from '../node/index.js'

export interface DoctorFlags {
  wideVectors?: boolean
  json?: boolean
}

/** @param flag the V8 flag that was set, to be told */
export async function runDoctor({ json, wideVectors }: DoctorFlags, flag: string | undefined): Promise<void> {
  if (!json) process.stderr.write('measuring for a few seconds\n')
  const machine = await examineMachine({ wideVectors })
  process.stdout.write(json ? `${JSON.stringify(machine)}\n` : `${textOf(machine, flag)}\n`)
}

const isLack = (value: object | string): value is Lack => typeof value === 'object' && 'missing' in value

function textOf(
  { node, v8, processor, threads, koffi, library, wideVectors, choices }: Machine,
  flag: string | undefined,
): string {
  const facts = [
    ['Node', `${node}, V8 ${v8}${flag ? `, with ${flag}` : ''}`],
    ['processor', `${processor}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`],
    ['256 bits', isLack(wideVectors) ? `no: ${wideVectors.missing}` : `with ${wideVectors.flag}, unless --no-wide-vectors`],
    ['koffi', isLack(koffi) ? `no: ${koffi.missing}` : koffi],
    ['BLAS', isLack(library) ? `no: ${library.missing}` : describe(library)],
  ]
  const measured = choices.flatMap(({ speed, ...choice }) => (isLack(speed) ? [] : [{ ...choice, ...speed }]))
  const rows = [
    ['', ...measured.map(({ kernels }) => kernels)],
    ['bits of a vector', ...measured.map(({ vectors }) => String(vectors))],
    ...Object.keys(measured[0]?.gflops ?? {}).map((m) => [
      `GFLOP/s, ${m}×512×512`,
      ...measured.map(({ gflops }) => gflops[m].toFixed(1)),
    ]),
    ['ms a step, LSTM 256', ...measured.map(({ msPerStep }) => msPerStep.toFixed(1))],
  ]
  const lacking = choices.flatMap(({ kernels, speed }) => (isLack(speed) ? [`${kernels}: ${speed.missing}`] : []))
  const [best] = measured.toSorted((a, b) => a.msPerStep - b.msPerStep)
  return [
    ...facts.map(([name, what]) => `${name.padEnd(11)}${what}`),
    '',
    ...rows.map(([name, ...cells]) => name.padEnd(22) + cells.map((cell) => cell.padStart(9)).join('')),
    '',
    ...lacking,
    ...(best
      ? [
          `fastest for that LSTM on one thread: --kernels ${best.kernels}${best.vectors === 128 && !isLack(wideVectors) ? ' --no-wide-vectors' : ''}`,
          ...(threads > 1
            ? ['train takes more threads for larger language models, with plain and relaxed kernels, and one with native']
            : []),
        ]
      : []),
  ].join('\n')
}

const describe = ({ name, version, core, file }: Exclude<Machine['library'], Lack>): string =>
  `${[name, version].filter(Boolean).join(' ')}${core ? ` for ${core}` : ''}, ${file}; on 1 thread`
