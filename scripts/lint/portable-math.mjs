// A lint rule. ECMAScript leaves the last bits of Math.exp, log, pow, sin, cos, tanh and of the operator ** to the engine, and
// whatever reaches a weight must have the same bits on every one. So only what is exact everywhere is allowed, by name; anything
// that new versions of the language add is not, until somebody has looked.
const exact = new Set(['abs', 'ceil', 'clz32', 'floor', 'fround', 'imul', 'max', 'min', 'round', 'sign', 'sqrt', 'trunc'])
const constants = new Set(['E', 'LN10', 'LN2', 'LOG10E', 'LOG2E', 'PI', 'SQRT1_2', 'SQRT2'])

const isMath = (node) =>
  (node?.type === 'Identifier' && node.name === 'Math') ||
  (node?.type === 'MemberExpression' && node.object.name === 'globalThis' && nameOf(node) === 'Math')

const nameOf = ({ computed, property, key = property }) => {
  if (!computed && key.type === 'Identifier') return key.name
  return key.type === 'Literal' ? String(key.value) : undefined
}

const portableMath = {
  meta: {
    type: 'problem',
    docs: { description: 'Only such arithmetic as has the same bits on every JavaScript engine' },
  },
  create(context) {
    const check = (node, name) => {
      if (exact.has(name) || constants.has(name)) return
      const message =
        name === 'random'
          ? 'Math.random has no seed; use Random'
          : `Math${name === undefined ? '[…]' : `.${name}`} may differ in its last bits from engine to engine; weights must not depend on it`
      context.report({ node, message })
    }
    return {
      MemberExpression(node) {
        if (isMath(node.object)) check(node, nameOf(node))
      },
      VariableDeclarator(node) {
        if (!isMath(node.init)) return
        if (node.id.type !== 'ObjectPattern') check(node, undefined)
        else
          for (const property of node.id.properties) check(property, property.type === 'Property' ? nameOf(property) : undefined)
      },
      'BinaryExpression[operator="**"], AssignmentExpression[operator="**="]'(node) {
        context.report({
          node,
          message: `The operator ${node.operator} may differ in its last bits from engine to engine; multiply`,
        })
      },
    }
  },
}

export default { meta: { name: 'unrolled' }, rules: { 'portable-math': portableMath } }
