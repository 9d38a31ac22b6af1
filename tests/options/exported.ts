/** Every call of the package that takes options, found by its types. */
import { fileURLToPath } from 'node:url'
import { API, SignatureKind, SymbolFlags, type Checker, type Symbol, type Type } from 'typescript/unstable/sync'

const entries = ['index', 'node/index', 'sweep/index', 'redis/index', 'recurrentjs/index']
const root = fileURLToPath(new URL('../..', import.meta.url))

/** A parameter that has something that may be left out, or is called so. */
export interface OptionsParameter {
  /** `new Graph`, `Matrix.from`, `Session#fork`, `schedules.cosine` */
  readonly call: string
  /** Its type, as TypeScript shows it. */
  readonly type: string
}

/** Private members are left out. */
export function optionsParameters(): OptionsParameter[] {
  const api = new API({ cwd: root })
  try {
    const [project] = api.updateSnapshot({ openProjects: [`${root}tsconfig.build.json`] }).getProjects()
    const found = new Finder(project.checker)
    for (const entry of entries) {
      const file = project.program.getSourceFile(`${root}src/${entry}.ts`)
      const module = file && project.checker.getSymbolAtLocation(file)
      if (!module) throw new Error(`${entry}: is no module of the project`)
      for (const symbol of project.checker.getExportsOfModule(module)) found.visit(symbol.name, symbol)
    }
    return found.parameters
  } finally {
    api.close()
  }
}

class Finder {
  readonly parameters: OptionsParameter[] = []
  readonly #checker: Checker
  readonly #areOptions = new Map<Type, boolean>()

  constructor(checker: Checker) {
    this.#checker = checker
  }

  visit(name: string, exported: Symbol): void {
    const checker = this.#checker
    const symbol = exported.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    if (symbol.flags & SymbolFlags.ValueModule) {
      for (const member of checker.getExportsOfModule(symbol)) this.visit(`${name}.${member.name}`, member)
      return
    }
    if (!(symbol.flags & SymbolFlags.Value)) return
    const type = checker.getTypeOfSymbol(symbol)!
    this.#signatures(name, type)
    if (!(symbol.flags & SymbolFlags.Class)) return
    this.#signatures(`new ${name}`, type, SignatureKind.Construct)
    const members = (of: Type, prefix: string): void => {
      for (const member of checker.getPropertiesOfType(of)) {
        // `#name` of another file is `__#1@#name`.
        if (member.name === 'prototype' || member.name.includes('#')) continue
        this.#signatures(`${name}${prefix}${member.name}`, checker.getTypeOfSymbol(member)!)
      }
    }
    members(type, '.')
    members(checker.getDeclaredTypeOfSymbol(symbol), '#')
  }

  #signatures(call: string, type: Type, kind = SignatureKind.Call): void {
    for (const signature of this.#checker.getSignaturesOfType(type, kind)) {
      for (const parameter of signature.getParameters()) {
        const own = this.#checker.getNonNullableType(this.#checker.getTypeOfSymbol(parameter)!)!
        if (!this.#isOptions(parameter.name, own)) continue
        this.parameters.push({ call, type: this.#checker.typeToString(own) })
      }
    }
  }

  #isOptions(name: string, type: Type): boolean {
    return (
      this.#hasOptional(type) ||
      (this.#isPlain(type) && (name === 'options' || /Options\b/.test(this.#checker.typeToString(type))))
    )
  }

  #hasOptional(type: Type): boolean {
    const known = this.#areOptions.get(type)
    if (known !== undefined) return known
    const own = type.isUnionType()
      ? type.getTypes().some((one) => this.#hasOptional(one))
      : this.#isPlain(type) && this.#checker.getPropertiesOfType(type).some(({ flags }) => flags & SymbolFlags.Optional)
    this.#areOptions.set(type, own)
    return own
  }

  #isPlain(type: Type): boolean {
    const checker = this.#checker
    if (!type.isObjectType() && !type.isIntersectionType()) return false
    if (checker.isArrayLikeType(type)) return false
    return [SignatureKind.Call, SignatureKind.Construct].every((kind) => checker.getSignaturesOfType(type, kind).length === 0)
  }
}
