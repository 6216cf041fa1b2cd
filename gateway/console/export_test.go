package console

// Formless is the commands without a form, with the reason.
var Formless = formless

// Verbs say what each type of command did.
var Verbs = verbs

// Forms are the names of the forms that give each type of command.
func Forms() map[string][]string {
	forms := map[string][]string{}
	for _, group := range book() {
		for _, a := range group.Actions {
			for _, body := range a.Gives {
				forms[body.Type()] = append(forms[body.Type()], a.Name)
			}
		}
	}
	return forms
}
