// Package settings fills a configuration struct from a file, the environment and
// flags, and remembers of each value where it came from.
//
// A struct's fields say everything about themselves in their tags:
//
//		Listen string `yaml:"listen" default:"127.0.0.1:8101" help:"address to serve on"`
//		PIN    string `yaml:"pin" secret:"true" help:"…"`
//
//	  - yaml is the field's name; names of nested structs are joined by dots:
//	    peer.tlsCA. The environment variable (WEIGHBRIDGE_PEER_TLS_CA) and the flag
//	    (--peer-tls-ca) follow from the path.
//	  - default is used where nothing says otherwise, as it would be written in the
//	    environment. required:"true" refuses an empty value.
//	  - secret:"true" is never printed and has no flag, because other users of a
//	    machine see a process's arguments. The variable with _FILE at its end names
//	    a file that holds it, as container platforms mount secrets.
//	  - help is one phrase for people. A field without it is an error of the program.
//
// What comes first wins: flag, environment, file, default. Strings, booleans,
// integers, durations and lists of strings (separated by commas outside of the
// file) may come from anywhere; maps and lists of structs from the file only.
//
// Every error names the field and where its value came from. A field of the file
// that is not known is an error; an unknown variable that begins with the prefix
// is a warning, because it may be another program's.
package settings
