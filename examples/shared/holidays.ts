/** Days on which much is closed in the United States, and the days beside them. */

/** For each: whether a day is that one, from its month, its day, and how many of its weekday the month has had. */
const rules: Readonly<Record<string, (month: number, day: number, weekday: number, nth: number) => boolean>> = {
  newYear: (month, day) => month === 1 && day === 1,
  dayAfterNewYear: (month, day) => month === 1 && day === 2,
  presidents: (month, _, weekday, nth) => month === 2 && weekday === 1 && nth === 3,
  memorial: (month, day, weekday) => month === 5 && weekday === 1 && day > 24,
  independenceEve: (month, day) => month === 7 && (day === 3 || day === 5),
  independence: (month, day) => month === 7 && day === 4,
  labor: (month, day, weekday) => month === 9 && weekday === 1 && day <= 7,
  thanksgiving: (month, _, weekday, nth) => month === 11 && weekday === 4 && nth === 4,
  dayAfterThanksgiving: (month, day, weekday) => month === 11 && weekday === 5 && day >= 23 && day <= 29,
  christmasEve: (month, day) => month === 12 && day === 24,
  christmas: (month, day) => month === 12 && day === 25,
  dayAfterChristmas: (month, day) => month === 12 && day === 26,
  newYearsEve: (month, day) => month === 12 && day === 31,
}

export const holidayNames = Object.keys(rules)

/** A column for each holiday, 1 on its day. */
export function holidaysOf(date: number): Record<string, number> {
  const day = new Date(date)
  const [month, of, weekday] = [day.getUTCMonth() + 1, day.getUTCDate(), day.getUTCDay()]
  const nth = Math.floor((of - 1) / 7) + 1
  return Object.fromEntries(Object.entries(rules).map(([name, isIt]) => [name, Number(isIt(month, of, weekday, nth))]))
}
