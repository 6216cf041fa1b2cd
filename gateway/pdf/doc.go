// Package pdf sets documents of text, lines and areas as PDF, over go-pdf/fpdf.
//
// The typeface is DejaVu Sans Condensed: Latin with every accent of Europe,
// Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic. What it lacks is taken
// from Droid Sans Fallback, which has Chinese, Japanese and Korean letters. It was
// chosen because all three scripts are in one file of 3.5 MB in the older form of
// outlines that fpdf embeds; Noto Sans CJK has the newer form only, and is four
// times as large. It has one weight, so bold is drawn with a line around each
// letter. Of either face only the letters that are used go into a document.
//
// Text that runs from the right is turned round line by line, and Arabic letters
// are joined by the forms that Unicode has for that. Marks on letters are set, but
// not placed with care. A letter of a script that neither face has, such as
// Devanagari or Thai, is shown as a question mark; every document is given as
// data, too.
package pdf
