/** What the page and its worker say to each other. */
import type { Live, Settings } from './settings.js'

/** Where a text comes from. The worker keeps the text; the page knows only its name and its beginning. */
export type TextSource =
  | { readonly kind: 'corpus'; readonly name: string }
  | { readonly kind: 'typed'; readonly text: string }
  /** Pasted: what is too long for a box. */
  | { readonly kind: 'file'; readonly file: File; readonly isPasted?: boolean }
  /** The text of a run that was kept. */
  | { readonly kind: 'kept'; readonly name: string }

export interface TextFacts {
  readonly name: string
  readonly kind: Settings['tokens']
  /** Characters, as readers see them. */
  readonly characters: number
  readonly tokens: number
  /** Tokens, or documents, that are never trained on. */
  readonly heldOut: number
  readonly documents: number | undefined
  readonly vocabulary: number
  readonly beginning: string
}

/** A run, as it was started. */
export interface RunFacts {
  readonly id: number
  readonly settings: Settings
  readonly text: string
  readonly parameters: number
  /** Parts of a batch that can be worked on at the same time. */
  readonly shards: number
  /** Units, by layer. */
  readonly layers: readonly number[]
  /** On average. */
  readonly charactersPerStep: number
}

export interface Point {
  readonly step: number
  readonly epoch: number
  /** Seconds of training up to this step. */
  readonly seconds: number
  /** Nats a token. */
  readonly loss: number
  readonly norm: number
  readonly rate: number
}

export interface Held {
  readonly step: number
  readonly seconds: number
  readonly nats: number
  readonly perplexity: number
}

/** What the network wrote at a step. */
export interface Written {
  readonly step: number
  /** What it went on from. */
  readonly prompt: string
  readonly greedy: string
  readonly samples: readonly string[]
  readonly temperature: number
}

/** A run's past: what its curves and its timeline show. */
export interface Log {
  readonly points: readonly Point[]
  readonly held: readonly Held[]
  readonly written: readonly Written[]
}

/** A passage to look at, and where it is from. */
export interface Passage {
  readonly text: string
  readonly origin: 'held out' | 'trained on' | 'own'
}

/** What a passage looks like from the inside. T tokens. */
export interface Look {
  readonly tokens: readonly string[]
  /** By token, −log₂ p given those before it; NaN for a first one that nothing stands before. */
  readonly bits: Float32Array
  /** By token: what the network expected in its place, the likeliest first. */
  readonly candidates: readonly (readonly { readonly text: string; readonly probability: number }[])[]
  /** By layer: [T, units]. */
  readonly activations: readonly Float32Array[]
  readonly ranked: readonly RankedFeature[]
  /** Of one layer, by name: [T, units]. Empty for a cell without gates. */
  readonly gates: Readonly<Record<string, Float32Array>>
}

export interface RankedFeature {
  readonly name: string
  /** Units by how well they follow it: the correlation with it, strongest first. */
  readonly units: readonly { readonly layer: number; readonly unit: number; readonly correlation: number }[]
}

/** How much of the loss at the last step reaches each earlier one. */
export interface Flow {
  readonly cell: string
  readonly step: number
  /** By distance, from 0: the norm of the gradient of the state, over that at distance 0. */
  readonly norms: Float32Array
}

export interface Kept {
  readonly facts: RunFacts
  readonly log: Log
  readonly live: Live
  readonly source: TextSource
}

/** A model out of a file. */
export interface Opened {
  readonly facts: RunFacts
  readonly note: string
  /** Undefined where the network cannot write, since its weights are not finite. */
  readonly written: Written | undefined
}

/** What the page may ask, and what it gets. */
export interface Calls {
  describe(source: TextSource, settings: Settings): TextFacts
  start(source: TextSource, settings: Settings, live: Live): RunFacts
  run(): void
  pause(): void
  step(): void
  live(live: Live): void
  write(live: Live): Written
  look(passage: string, gateLayer: number): Look
  /** Some text that the network is not trained on, if there is any. */
  passage(): Passage
  flow(): Flow[]
  companion(on: boolean): void
  export(): Uint8Array
  import(file: File, source: TextSource, settings: Settings, live: Live): Opened
  /** To the last place before a divergence. */
  goBack(): Log
  /** Keeps a pasted text, until another one is. */
  keepPasted(file: File): void
  pasted(): File | undefined
  /** The run that the browser has kept, ready to go on. */
  kept(): Kept | undefined
  /** Keeps the run as it is now. */
  keep(): void
}

export type CallName = keyof Calls

export interface Call {
  readonly id: number
  readonly name: CallName
  readonly args: readonly unknown[]
}

/** The engine that calculates. */
export interface Started {
  readonly kernels: string
  /** How many threads it has, that of the worker among them. */
  readonly threads: number
  /** Why it has no more than one; undefined where it has. */
  readonly whyOneThread: string | undefined
  /** What is to be known of it, if anything. */
  readonly note: string | undefined
}

/** What the worker says. */
export type Report =
  | ({ readonly kind: 'ready' } & Started)
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: string }
  | { readonly kind: 'progress'; readonly run: number; readonly points: readonly Point[]; readonly held: readonly Held[] }
  | { readonly kind: 'written'; readonly run: number; readonly written: Written; readonly isMark: boolean }
  | { readonly kind: 'stopped'; readonly run: number; readonly why: string; readonly backTo: number | undefined }
  | { readonly kind: 'kept'; readonly run: number; readonly step: number }
  | { readonly kind: 'unkept'; readonly message: string }
  | { readonly kind: 'trouble'; readonly message: string }
