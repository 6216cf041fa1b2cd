package season

import (
	"embed"
	"io/fs"
)

//go:embed *.csv *.json certificates/*.jws statements/*.jws
var files embed.FS

// Files are the season's files as they were when the program was built, so that
// it runs from any folder.
func Files() fs.FS { return files }
