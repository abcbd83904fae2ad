<?php
/**
 * Fault: a plugin closes the REST API to everyone who is not signed in, as Password Protected and Admin Site
 * Enhancements do. Like these, it drops the result of plugins that come before.
 */

add_filter(
	'rest_authentication_errors',
	static function () {
		return is_user_logged_in() ? null : new WP_Error( 'rest_cannot_access', 'Only authenticated users can access the REST API.', array( 'status' => 401 ) );
	}
);
