// Package pdf sets documents of text, lines and areas as PDF, over go-pdf/fpdf.
//
// The typeface is DejaVu Sans Condensed, of which the letters that are used are
// embedded: Latin with every accent of Europe, Greek, Cyrillic, Armenian,
// Georgian, Arabic letters without their joining. Chinese, Japanese and Korean
// letters are not in it and are shown as question marks: a face with them is ten
// times the size of everything else here, so a document that must hold such names
// is given as data, too.
package pdf
