// The search box of /docs, and routes that a link leads to. Without it the page can be read as well.
const search = document.getElementById('search')
const found = document.getElementById('found')
const routes = [...document.querySelectorAll('.route')].map(element => ({
  element,
  text: element.textContent.toLowerCase(),
}))

search.hidden = false
search.addEventListener('input', () => show(search.value.trim().toLowerCase()))
addEventListener('hashchange', openTarget)
addEventListener('keydown', event => {
  if (event.key === '/' && document.activeElement !== search) {
    event.preventDefault()
    search.focus()
  } else if (event.key === 'Escape' && document.activeElement === search) {
    search.value = ''
    show('')
  }
})
openTarget()

/** Only the routes in which every word occurs, and the sections that have one. */
function show(wanted) {
  const words = wanted.split(/\s+/)
  let count = 0
  for (const { element, text } of routes) {
    element.hidden = !words.every(word => text.includes(word))
    if (!element.hidden) count += 1
  }
  for (const section of document.querySelectorAll('section')) {
    section.hidden = section.querySelector('.route:not([hidden])') === null
  }
  found.textContent = wanted === '' ? '' : `${count} of ${routes.length} routes`
}

function openTarget() {
  const target = document.getElementById(location.hash.slice(1))
  if (target?.matches('.route')) target.open = true
}
