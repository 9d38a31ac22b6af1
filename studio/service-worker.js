// Keeps the page's own files, so that it works without a network once it has been loaded. The build puts the list in.
const files = /* FILES */ []
const version = /* VERSION */ ''
const prefix = 'unrolled-studio '

addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(prefix + version)
      .then((cache) => cache.addAll(files))
      .then(() => skipWaiting()),
  )
})

addEventListener('activate', (event) => {
  const isOld = (name) => name.startsWith(prefix) && name !== prefix + version
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(isOld).map((name) => caches.delete(name))))
      .then(() => clients.claim()),
  )
})

addEventListener('fetch', (event) => {
  const { request } = event
  if (request.method !== 'GET' || new URL(request.url).origin !== location.origin) return
  // The page itself comes from the network where there is one, so that a new version is seen at once.
  const kept = () => caches.open(prefix + version).then((cache) => cache.match(request, { ignoreSearch: true }))
  event.respondWith(
    request.mode === 'navigate'
      ? fetch(request).catch(async () => (await kept()) ?? Response.error())
      : kept().then((response) => response ?? fetch(request)),
  )
})
