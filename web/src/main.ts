// Every page works without this script; with it, parts of a page renew themselves.
import "htmx.org";
import "./copy-button";
import "./format-examples";
import "./live-view";
import "./menus";
import "./time-zone";
