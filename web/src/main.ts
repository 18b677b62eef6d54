// Every page works without this script; with it, parts of a page renew themselves.
import "htmx.org";
import "./copy-button";
import "./countdown";
import "./file-field";
import "./format-examples";
import "./help";
import "./inbox";
import "./keys";
import "./list-field";
import "./live-view";
import "./mapping";
import "./menus";
import "./register/register";
import "./sidebar";
import "./palette";
import "./privacy";
import "./time-zone";
