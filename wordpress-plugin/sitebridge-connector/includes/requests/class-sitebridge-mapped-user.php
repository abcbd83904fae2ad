<?php
/**
 * The user that requests of the server act as.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Says who may be chosen as the mapped user, and whether the chosen one is still there.
 */
final class Sitebridge_Mapped_User {

	/**
	 * What the server's work needs; the ping reports these.
	 */
	const CAPABILITIES = array( 'edit_posts', 'edit_others_posts', 'publish_posts', 'manage_categories', 'upload_files' );

	/**
	 * The mapped user.
	 *
	 * @param int $user_id The stored id.
	 * @return WP_User|null Null when the user is gone, or left this site of the network.
	 */
	public static function find( $user_id ) {
		$user = get_userdata( $user_id );
		if ( ! $user instanceof WP_User ) {
			return null;
		}
		if ( is_multisite() && ! is_super_admin( $user->ID ) && ! is_user_member_of_blog( $user->ID ) ) {
			return null;
		}

		return $user;
	}

	/**
	 * Whether the current user may let requests act as another one. An administrator of one site in a
	 * network must not get at a network administrator's rights this way.
	 *
	 * @param int $user_id The user to be chosen.
	 * @return bool
	 */
	public static function may_choose( $user_id ) {
		if ( get_current_user_id() === $user_id ) {
			return true;
		}
		if ( null === self::find( $user_id ) || ! user_can( $user_id, 'edit_posts' ) ) {
			return false;
		}

		return ! is_multisite() || ! is_super_admin( $user_id ) || is_super_admin();
	}
}
