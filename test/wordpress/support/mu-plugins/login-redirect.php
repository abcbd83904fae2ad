<?php
/**
 * Fault: a plugin sends everyone who is not signed in to wp-login.php, whatever they request.
 */

add_action(
	'init',
	static function () {
		if ( 'cli' !== PHP_SAPI && ! is_user_logged_in() && 1 !== preg_match( '#/(wp-login|xmlrpc)\.php#', $_SERVER['REQUEST_URI'] ) ) {
			auth_redirect();
		}
	}
);
