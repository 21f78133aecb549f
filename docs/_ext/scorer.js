// Sphinx's own scores, but decisions and pages about the project come after pages for users.
var Scorer = {
  score: ([page, , , , score]) => (/^(decisions|project)\//.test(page) ? score - 20 : score),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: {0: 15, 1: 5, 2: -5},
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
