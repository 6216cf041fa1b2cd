// Package pdftest reads PDF documents back with poppler's tools, for tests.
package pdftest
