/** `node run.js 50 plain out.safetensors`: trains in Node. With `20` after it: only so far, and keeps a checkpoint. */
import { writeFileSync } from 'node:fs'
import type { EngineOptions } from 'unrolled'
import { checkpoint, train } from './training.js'

const [steps, build, out, stop] = process.argv.slice(2)
const kernels = build as EngineOptions['kernels']
writeFileSync(out, stop ? checkpoint(Number(steps), kernels, Number(stop)) : (await train(Number(steps), kernels)).bytes)
