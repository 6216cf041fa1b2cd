// Package toolchain builds the programs a network runs on.
//
// Fabric's own programs (peer, orderer, osnadmin, configtxgen) are pinned as tools in network/fabrictools, a module of its own
// because they can't share a dependency graph with fabric-sdk-go. They're built once into a cache folder named after the
// pin, the Go version and the platform; nothing is rebuilt until one of these changes.
//
// Weighbridge's programs are built without paths or version control stamps in them, so that the same source, Go version and
// platform give the same bytes to every organisation.
package toolchain
