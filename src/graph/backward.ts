/** The backward pass of a graph. */
import { refuseUnknown, type Names } from '../options/known.js'
import type { Runs } from './execution.js'
import type { Graph } from './graph.js'
import type { Matrix } from './matrix.js'
import type { Value } from './value.js'

export interface BackwardOptions {
  /** The matrices that want gradients. Default: all that the graph uses. */
  wrt?: Iterable<Matrix>
  /** Where the gradient of each goes, a matrix of its shape. Default: its `grad`. */
  into?: (matrix: Matrix) => Matrix
}

const names: Names<BackwardOptions> = { wrt: true, into: true }

/** What `graph.backward(loss, options)` has to run. */
export function backwardRuns(graph: Graph, loss: Value | undefined, options: BackwardOptions): Runs {
  refuseUnknown('backward', options, names)
  const { wrt, into = (matrix) => matrix.grad } = options
  const node = loss && graph.node(loss)
  if (node && (node.rows !== 1 || node.cols !== 1 || node.loop)) {
    throw new Error(`backward: ${loss} is not one number; sum it or take its mean, or set gradients by hand and call backward()`)
  }
  const { matrices: used, assigned } = graph.recording
  const twice = used.find((matrix) => matrix.hasGrad && used.includes(matrix.grad))
  if (twice)
    throw new Error(
      `backward: the graph reads the gradient of ${twice}, which backward would change; copy it to a matrix of its own`,
    )
  const wanted = wrt ? [...wrt] : used.filter((matrix) => !assigned.has(matrix))
  return graph.execution.backward(
    node,
    wanted.filter((matrix) => used.includes(matrix)),
    into,
  )
}
