import brain from 'brain.js'

const network = new brain.recurrent.LSTM({ hiddenLayers: [128] })
const log = (status) => (document.title = JSON.stringify(status))
network.train(document.querySelector('textarea').value.split('\n'), { iterations: 1, log, logPeriod: 1 })
