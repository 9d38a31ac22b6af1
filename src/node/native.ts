/** Native matrix products in Node: a BLAS library that the system has, called through koffi, which is an optional peer dependency. */
import { refuseUnknown } from '../options/known.js'
import type { Engine } from '../run/engine.js'
import { createEngine } from '../run/engines.js'
import type { ProductLibrary } from '../run/products.js'

/** A BLAS library that was found and loaded. It runs on the calling thread alone; Accelerate, which cannot be told to, on as many as it chooses. */
export interface NativeLibrary extends ProductLibrary {
  readonly name: 'OpenBLAS' | 'MKL' | 'Accelerate'
  /** The file, as the system was asked for it. */
  readonly file: string
  /** As far as the library tells. */
  readonly version: string | undefined
  /** The processor that its code was chosen for, as far as the library tells. */
  readonly core: string | undefined
}

type Koffi = (typeof import('koffi'))['default']
type Loaded = ReturnType<Koffi['load']>

/** Where each system keeps them; the first that loads is taken. */
const files: Readonly<Record<string, readonly string[]>> = {
  linux: ['libopenblas.so.0', 'libopenblas.so', 'libmkl_rt.so.2', 'libmkl_rt.so'],
  darwin: ['/System/Library/Frameworks/Accelerate.framework/Accelerate'],
  win32: ['libopenblas.dll', 'openblas.dll', 'mkl_rt.2.dll'],
}

/** The version of koffi. Throws a sentence where it is not installed. */
export async function koffiVersion(): Promise<string> {
  return (await loadKoffi()).version
}

async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import('koffi')).default
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND' ? 'is not installed' : (error as Error).message
    throw new Error(`koffi: ${why}; npm install koffi`)
  }
}

const libraries = new Map<string | undefined, NativeLibrary>()

/**
 * The system's BLAS library. Throws a sentence where there is none, or no koffi.
 *
 * @param file default: the first of OpenBLAS, MKL and, on macOS, Accelerate that the system has
 */
export async function findNativeLibrary(file?: string): Promise<NativeLibrary> {
  let library = libraries.get(file)
  if (!library) {
    const koffi = await loadKoffi()
    library = file === undefined ? firstOf(koffi, files[process.platform] ?? []) : open(koffi, file)
    libraries.set(file, library)
  }
  return library
}

/**
 * An engine that gives large matrix products to the system's BLAS library, on one thread (but see `NativeLibrary`), and does all else with the `relaxed` kernels. Its results
 * differ in the last digits from those of other engines, and from one library and processor to another.
 *
 * @param options.library the library's file; default: the first of OpenBLAS, MKL and, on macOS, Accelerate that the system has
 */
export async function loadNativeEngine(options: { library?: string } = {}): Promise<Engine> {
  refuseUnknown('loadNativeEngine', options, { library: true })
  const { library } = options
  return createEngine({ products: await findNativeLibrary(library) })
}

function firstOf(koffi: Koffi, names: readonly string[]): NativeLibrary {
  const reasons: string[] = []
  for (const name of names) {
    try {
      return open(koffi, name)
    } catch (error) {
      reasons.push((error as Error).message)
    }
  }
  throw new Error(
    `native kernels: this system has no BLAS library; on Debian, apt-get install libopenblas0-pthread${reasons.map((why) => ` (${why})`).join('')}`,
  )
}

function open(koffi: Koffi, file: string): NativeLibrary {
  let loaded: Loaded
  let sgemm: Sgemm
  try {
    loaded = koffi.load(file)
    // Addresses are numbers here: that spares koffi the search for what a pointer may be.
    sgemm = loaded.func('void cblas_sgemm(int, int, int, int, int, int, float, size_t, int, size_t, int, float, size_t, int)')
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message.trim()}`)
  }
  return {
    ...identify(loaded, file),
    file,
    isWorthCalling,
    addressOf: (memory) => Number(koffi.address(memory)),
    multiply: (transposeA, transposeB, m, n, k, a, lda, b, ldb, adds, c, ldc) =>
      sgemm(
        rowMajor,
        transposeA ? trans : noTrans,
        transposeB ? trans : noTrans,
        m,
        n,
        k,
        1,
        a,
        lda,
        b,
        ldb,
        adds ? 1 : 0,
        c,
        ldc,
      ),
  }
}

/**
 * One of few rows is bound by reading B, and the kernels read as fast; a small one is done in the time that the call takes. Both
 * measured: see docs/performance.md.
 */
const isWorthCalling = (m: number, n: number, k: number): boolean => m >= leastRows && m * n * k >= leastSize

const [leastRows, leastSize] = [8, 65_536]

type Sgemm = (...words: number[]) => void

/** CBLAS's enumerations. */
const [rowMajor, noTrans, trans] = [101, 111, 112]

/** Tells the libraries apart by functions that only one has, and keeps those to one thread that can be. */
function identify(loaded: Loaded, file: string): Pick<NativeLibrary, 'name' | 'version' | 'core'> {
  const has = <T>(prototype: string): T | undefined => {
    try {
      return loaded.func(prototype) as unknown as T
    } catch {
      return undefined
    }
  }
  const openblas = has<(threads: number) => void>('void openblas_set_num_threads(int)')
  if (openblas) {
    openblas(1)
    const config = has<() => string>('const char *openblas_get_config()')?.()
    return {
      name: 'OpenBLAS',
      version: config && /\d+(\.\d+)+/.exec(config)?.[0],
      core: has<() => string>('const char *openblas_get_corename()')?.(),
    }
  }
  const mkl = has<(threads: number) => void>('void MKL_Set_Num_Threads(int)')
  if (mkl) {
    mkl(1)
    return { name: 'MKL', version: undefined, core: undefined }
  }
  if (file.endsWith('Accelerate')) return { name: 'Accelerate', version: undefined, core: undefined }
  throw new Error(`${file}: is neither OpenBLAS nor MKL nor Accelerate; must be one of them, since each is called in its own way`)
}
