/** `node run.js 50 plain out.safetensors`: trains in Node. */
import { writeFileSync } from 'node:fs'
import type { EngineOptions } from 'unrolled'
import { train } from './training.js'

const [steps, kernels, out] = process.argv.slice(2)
const { bytes } = await train(Number(steps), kernels as EngineOptions['kernels'])
writeFileSync(out, bytes)
