/** The page: what is where. */
import { keep, resume } from './actions/keeping.js'
import { describe, takePasted } from './actions/text.js'
import { rememberDraft, takeDraft } from './draft.js'
import { h } from './dom.js'
import { takeLink } from './link.js'
import { curvesPanel } from './ui/curves.js'
import { figuresPanel } from './ui/figures.js'
import { flowPanel } from './ui/flow.js'
import { foot } from './ui/foot.js'
import { gatesPanel } from './ui/gates.js'
import { keepPanel } from './ui/keep.js'
import { microscopePanel } from './ui/microscope.js'
import { networkPanel } from './ui/network.js'
import { notices } from './ui/notices.js'
import { rateSlider } from './ui/rate.js'
import { samplesPanel } from './ui/samples.js'
import { takeDrops } from './ui/drop.js'
import { textPanel } from './ui/text.js'
import { transport } from './ui/transport.js'

// The title is in the page itself, so that there is something to see at once.
document.querySelector('.top')!.append(transport(), rateSlider())
document.body.append(
  h(
    'main',
    {},
    notices(),
    figuresPanel(),
    h('div', { class: 'setup' }, textPanel(), networkPanel(), keepPanel()),
    h('div', { class: 'words' }, samplesPanel(), microscopePanel()),
    h('div', { class: 'charts' }, curvesPanel(), flowPanel(), gatesPanel()),
  ),
  foot(),
)

takeDrops()
const draft = takeDraft()
if (draft.isPasted) await takePasted()
await resume(draft)
takeLink()
rememberDraft()
await describe()

document.addEventListener('visibilitychange', () => document.hidden && keep())
if ('serviceWorker' in navigator) void navigator.serviceWorker.register('./service-worker.js').catch(() => undefined)
