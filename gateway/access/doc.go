// Package access decides who may do what at a gateway.
//
// Every route names the one Permission that its caller must have; the closed
// list of permissions and the table of roles that hold them stand in
// permission.go, and nowhere else. A route that names none cannot be registered,
// and a request that matches no registered route reaches nothing.
package access
