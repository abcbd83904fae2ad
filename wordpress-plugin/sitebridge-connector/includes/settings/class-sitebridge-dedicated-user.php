<?php
/**
 * A WordPress user that exists only for the server's requests.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Makes a user with an editor's rights. Nobody knows its password, and without an e-mail address nobody can
 * have the password reset.
 */
final class Sitebridge_Dedicated_User {

	/**
	 * The option with the user's id.
	 */
	const OPTION = 'sitebridge_connector_user';

	const LOGIN = 'sitebridge';

	/**
	 * The user that was made for this site.
	 *
	 * @return int The user's id; 0 when none was made, or when it is gone.
	 */
	public static function id() {
		$id = (int) get_option( self::OPTION, 0 );

		return null === Sitebridge_Mapped_User::find( $id ) ? 0 : $id;
	}

	/**
	 * Whether the current user can have the user made now.
	 *
	 * @return bool
	 */
	public static function is_offered() {
		return 0 === self::id() && null !== get_role( 'editor' ) && current_user_can( 'create_users' );
	}

	/**
	 * The user; makes it if it is offered.
	 *
	 * @return int The user's id; 0 when there is none and none can be made.
	 */
	public static function find_or_make() {
		if ( ! self::is_offered() ) {
			return self::id();
		}
		$login = username_exists( self::LOGIN ) ? self::LOGIN . '-' . strtolower( wp_generate_password( 8, false ) ) : self::LOGIN;
		// Unlike the pages of WordPress, this function sends no e-mail.
		$id = wp_insert_user(
			array(
				'user_login'           => $login,
				'user_pass'            => wp_generate_password( 64, true, true ),
				'user_email'           => '',
				'display_name'         => __( 'Sitebridge', 'sitebridge-connector' ),
				'role'                 => 'editor',
				'show_admin_bar_front' => 'false',
			)
		);
		if ( is_wp_error( $id ) ) {
			return 0;
		}
		update_option( self::OPTION, $id, false );

		return $id;
	}
}
